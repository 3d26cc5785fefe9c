"""A school's own certificate authority, and the certificate of a server it vouches for."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "canvas.example.edu"
NOT_MEANT = [
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "encipher_only",
    "decipher_only",
]
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
OVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)


def certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *extensions: tuple[x509.ExtensionType, bool],
    life: tuple[datetime, datetime] = ALWAYS,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(life[0])
        .not_valid_after(life[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def school(
    folder: Path,
    *,
    names: tuple[x509.GeneralName, ...] = (
        x509.DNSName(NAME),
        x509.IPAddress(ip_address("127.0.0.1")),
    ),
    life: tuple[datetime, datetime] = ALWAYS,
) -> tuple[Path, Path]:
    """The authority's file, and a server's: key and certificate for the name and loopback."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    usage: dict[str, Any] = dict.fromkeys(NOT_MEANT, False)
    signs = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)
    ours = certificate(
        "School",
        root,
        "School",
        root,
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (signs, True),
        (x509.SubjectKeyIdentifier.from_public_key(root.public_key()), False),
    )
    theirs = certificate(
        "Canvas",
        key,
        "School",
        root,
        (x509.SubjectAlternativeName(names), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False),
        life=life,
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(ours.public_bytes(pem))
    (folder / "server.pem").write_bytes(private + theirs.public_bytes(pem))
    return folder / "ca.pem", folder / "server.pem"
