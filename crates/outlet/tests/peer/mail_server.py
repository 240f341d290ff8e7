"""A mail server (aiosmtpd) with STARTTLS and a login, for the test of that name. Prints its port, then five lines for each mail."""
import asyncio
import email
import ssl
import sys
from email import policy

from aiosmtpd.smtp import SMTP, AuthResult


class Take:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        attached = next(mail.iter_attachments())
        content = attached.get_content()
        if isinstance(content, str):
            content = content.encode()
        print(envelope.rcpt_tos[0], mail["Subject"], mail["Message-ID"], sep="\n")
        print(attached.get_content_type(), len(content), sep="\n", flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"hub" and data.password == b"right", handled=False)


async def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])

    def session():
        return SMTP(Take(), tls_context=context, require_starttls=True, authenticator=login, auth_required=True)

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
