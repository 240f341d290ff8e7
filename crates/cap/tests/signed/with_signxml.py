"""Signs a message with signxml (5.2), as the messages `signxml-*.xml` of this folder were.

python3 with_signxml.py KEY CERTIFICATE rsa-sha256|ecdsa-sha256 MESSAGE > SIGNED
"""

import sys

from lxml import etree
from signxml import XMLSigner, methods

key, certificate, algorithm, message = (
    text if i == 2 else open(text, encoding="utf-8").read() for i, text in enumerate(sys.argv[1:])
)
signer = XMLSigner(
    method=methods.enveloped,
    signature_algorithm=algorithm,
    digest_algorithm="sha256",
    c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
)
signed = signer.sign(etree.fromstring(message.encode()), key=key, cert=certificate)
sys.stdout.buffer.write(etree.tostring(signed, encoding="UTF-8", xml_declaration=True))
