#!/usr/bin/env bash
# Makes the keys and certificates of the signature tests, with OpenSSL 3. They guard nothing: the private keys are public.
# Certificates of those who sign are valid in 2026 to 2046, `expired` in 2024 and `early` from 2040.
set -euo pipefail
cd "$(dirname "$0")"

key() { # NAME RSA_BITS|CURVE
    case "$2" in
        [0-9]*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key.pem" ;;
        *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key.pem" ;;
    esac
}
SERIAL=1000
certificate() { # NAME SUBJECT ISSUER FROM UNTIL EXTENSIONS... (ISSUER may be NAME itself; DIGEST from the environment)
    local name="$1" subject="$2" issuer="$3" from="$4" until="$5"
    shift 5
    local folder
    folder="$(mktemp -d)"
    touch "$folder/index"
    SERIAL=$((SERIAL + 1))
    echo "$SERIAL" > "$folder/serial"
    {
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nserial=%s/serial\nnew_certs_dir=%s\n' "$folder" "$folder" "$folder"
        printf 'default_md=%s\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[req]\ndistinguished_name=n\n[n]\n[e]\nsubjectKeyIdentifier=none\n' "${DIGEST:-sha256}"
        printf '%s\n' "$@"
    } > "$folder/conf"
    openssl req -new -config "$folder/conf" -key "$name.key.pem" -subj "/CN=$subject" -out "$folder/csr"
    local by=(-cert "$issuer.crt.pem" -keyfile "$issuer.key.pem")
    [ "$issuer" = "$name" ] && by=(-selfsign -keyfile "$name.key.pem")
    openssl ca -batch -notext -config "$folder/conf" -extensions e -startdate "$from" -enddate "$until" \
        -in "$folder/csr" "${by[@]}" -out "$name.crt.pem" 2> "$folder/log" || { cat "$folder/log"; exit 1; }
    rm -r "$folder"
}
FROM=20260101000000Z UNTIL=20460101000000Z
CA=(basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign)
SIGN=(basicConstraints=CA:FALSE keyUsage=critical,digitalSignature)

key ca 2048; certificate ca "Watchfire test CA" ca $FROM $UNTIL "${CA[@]}"
key other_ca prime256v1; certificate other_ca "Another CA" other_ca $FROM $UNTIL "${CA[@]}"
# The name of the CA, another key.
key false_ca prime256v1; certificate false_ca "Watchfire test CA" false_ca $FROM $UNTIL "${CA[@]}"
key rsa 2048; certificate rsa "Watchfire test signer RSA" ca $FROM $UNTIL "${SIGN[@]}"
key p256 prime256v1; certificate p256 "Watchfire test signer P-256" ca $FROM $UNTIL "${SIGN[@]}"
key alone prime256v1; certificate alone "Alone" alone $FROM $UNTIL "${SIGN[@]}"
key expired prime256v1; certificate expired "Expired" ca 20240101000000Z 20241231235959Z "${SIGN[@]}"
key early prime256v1; certificate early "Early" ca 20400101000000Z $UNTIL "${SIGN[@]}"
key below prime256v1; certificate below "Issuer below" ca $FROM $UNTIL basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign
key chained prime256v1; certificate chained "Chained" below $FROM $UNTIL "${SIGN[@]}" extendedKeyUsage=emailProtection
# A signer that issues a certificate although it is no CA.
key usurped prime256v1; certificate usurped "Usurped" p256 $FROM $UNTIL "${SIGN[@]}"
# A CA that is one by its basic constraints, but may not sign certificates.
key no_issuer prime256v1; certificate no_issuer "No issuer" no_issuer $FROM $UNTIL basicConstraints=critical,CA:TRUE keyUsage=critical,digitalSignature
key by_no_issuer prime256v1; certificate by_no_issuer "By no issuer" no_issuer $FROM $UNTIL "${SIGN[@]}"
key server prime256v1; certificate server "Web server" ca $FROM $UNTIL "${SIGN[@]}" extendedKeyUsage=serverAuth
key agreement prime256v1; certificate agreement "Key agreement" ca $FROM $UNTIL keyUsage=critical,keyAgreement
key critical prime256v1; certificate critical "Critical" ca $FROM $UNTIL "${SIGN[@]}" 1.2.3.4=critical,ASN1:NULL
key sha1 prime256v1; DIGEST=sha1 certificate sha1 "SHA-1" ca $FROM $UNTIL "${SIGN[@]}"
key weak 1024; certificate weak "Weak" ca $FROM $UNTIL "${SIGN[@]}"
key p384 secp384r1; certificate p384 "P-384" ca $FROM $UNTIL "${SIGN[@]}"
cat chained.crt.pem below.crt.pem > chain.pem
