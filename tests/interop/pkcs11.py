"""Keys on a SoftHSM2 token: what signs, what is refused, and that a PIN stays out of sight."""

import datetime
import pathlib
import re

import models
from checks import Checks, changed_byte
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

MODULE = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "1234 größer"
# (type, id)
KEYS = (("p256", "a1"), ("p384", "a2"), ("p521", "a3"), ("ed25519", "ff00"))
# This one is made on the token, the others are imported.
CURVE_ON_TOKEN = {"p384": "secp384r1"}


def run(checks: Checks, scratch: pathlib.Path) -> None:
    if not checks.that("SoftHSM2 is installed", MODULE.is_file(), str(MODULE)):
        return
    Token(checks, scratch).run()


class Token:
    def __init__(self, checks: Checks, scratch: pathlib.Path):
        self.checks, self.scratch = checks, scratch
        tokens = scratch / "tokens"
        tokens.mkdir()
        configuration = scratch / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": str(configuration)}
        self.model = models.make(scratch / "model", models.ORDERS_AGREE)
        self.bundle = self.model / "model.sig"
        self.pin_file = scratch / "pin file"
        self.write_pin(PIN + "\n")

    def run(self) -> None:
        for label in ("modelsig test", "another"):
            arguments = ("--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-pin")
            self.program(f"initializes {label}", "softhsm2-util", *arguments)
        public = {kind: self.make_key(kind, id_) for kind, id_ in KEYS}
        for kind, id_ in KEYS:
            self.signs(kind, id_, public[kind])
        self.with_a_certificate("p256")
        self.which_token_and_key()
        self.the_pin()
        self.another_public_key()

    def program(self, title: str, *command, **expected) -> str:
        return self.checks.program(title, *command, env=self.env, **expected)

    def pkcs11_tool(self, title: str, *arguments) -> str:
        login = ("--module", MODULE, "--token-label", "modelsig test", "--login", "--pin", PIN)
        return self.program(f"pkcs11-tool: {title}", "pkcs11-tool", *login, *arguments)

    def write_pin(self, text: str, mode: int = 0o600) -> None:
        self.pin_file.write_text(text)
        self.pin_file.chmod(mode)

    def key_pair(self, kind: str, name: str) -> tuple:
        private, public = self.scratch / f"{name}.pem", self.scratch / f"{name}.pub.pem"
        self.checks.modelsig(f"makes a {kind} key", "keygen", "--type", kind, "--out", private)
        return private, public

    def import_key(self, private: pathlib.Path, label: str, id_: str) -> None:
        self.program(
            f"imports {label}",
            *("softhsm2-util", "--import", private, "--token", "modelsig test", "--label", label),
            *("--id", id_, "--pin", PIN, "--force"),
        )

    def make_key(self, kind: str, id_: str) -> pathlib.Path:
        """A key on the token with `kind` as its label; its public key as a PEM file."""
        if kind not in CURVE_ON_TOKEN:
            private, public = self.key_pair(kind, kind)
            self.import_key(private, kind, id_)
            return public
        public = self.scratch / f"{kind}.pub.pem"
        curve = f"EC:{CURVE_ON_TOKEN[kind]}"
        self.pkcs11_tool(f"makes {kind}", "--keypairgen", "--key-type", curve, "--label", kind, "--id", id_)
        listed = self.pkcs11_tool("lists the public keys", "--list-objects", "--type", "pubkey")
        # An OCTET STRING of the length of a P-384 point.
        [point] = re.findall(r"EC_POINT: +0461([0-9a-f]+)", listed)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), bytes.fromhex(point))
        pem = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        public.write_bytes(key.public_bytes(*pem))
        return public

    def sign(self, title: str, uri: str, *options, env=None, **expected) -> str:
        """Signs with a key on the token. When that fails, nothing may have been written, and no PIN shown."""
        before = self.bundle.read_bytes() if self.bundle.exists() else None
        said = self.checks.modelsig(
            f"PKCS#11: {title}",
            *("sign", self.model, "--private-key", uri, *options),
            env={**self.env, **(env or {})},
            **expected,
        )
        if expected.get("status"):
            after = self.bundle.read_bytes() if self.bundle.exists() else None
            self.checks.that(f"PKCS#11: {title}: the bundle is as it was", before == after)
        return said

    def uri(self, path: str, *query: str) -> str:
        # The spaces in the names are part of the test.
        source = f"pin-source={self.pin_file}".replace(" ", "%20")
        return f"pkcs11:{path}?" + "&".join(query or (f"module-path={MODULE}", source))

    def refused(self, title: str, uri: str, *options, says: tuple, **expected) -> None:
        self.sign(title, uri, *options, status=2, says=says, **expected)

    def signs(self, kind: str, id_: str, public: pathlib.Path) -> None:
        encoded = "".join(f"%{id_[at:at + 2]}" for at in range(0, len(id_), 2))
        by_label = self.uri(f"token=modelsig%20test;object={kind};type=private")
        by_id = self.uri(f"token=modelsig%20test;id={encoded}", f"module-path={MODULE}")
        pin = {"MODELSIG_INTEROP_PIN": PIN}
        for title, uri, options in (
            ("label, PIN file", by_label, ()),
            ("id, PIN in the environment", by_id, ("--pin-env", "MODELSIG_INTEROP_PIN")),
            (
                "module on the command line",
                f"pkcs11:token=modelsig%20test;object={kind}",
                ("--pkcs11-module", MODULE, "--pin-env", "MODELSIG_INTEROP_PIN"),
            ),
        ):
            self.bundle.unlink(missing_ok=True)
            self.sign(f"{kind}: {title}", uri, *options, env=pin)
            self.checks.modelsig(f"{kind}: accepts", "verify", self.model, "--public-key", public)
        with changed_byte(self.model / "weights.gguf", -1):
            self.checks.modelsig(
                f"{kind}: rejects", "verify", self.model, "--public-key", public, status=1, says=("weights.gguf",)
            )
        if kind != "ed25519":
            arguments = ("verify", "key", self.model, "--signature", self.bundle, "--public_key", public)
            self.checks.python_tool(f"{kind}: accepts", *arguments)
            with changed_byte(self.model / "weights.gguf", -1):
                self.checks.python_tool(f"{kind}: rejects", *arguments, status=1, says=("weights.gguf",))

    def with_a_certificate(self, kind: str) -> None:
        """The certificate method with a key on the token."""
        leaf, root = certified(serialization.load_pem_public_key((self.scratch / f"{kind}.pub.pem").read_bytes()))
        leaf_file, root_file = self.scratch / "leaf.pem", self.scratch / "root.pem"
        leaf_file.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        root_file.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        uri = self.uri(f"token=modelsig%20test;object={kind}")
        self.sign("with a certificate", uri, "--signing-certificate", leaf_file)
        arguments = ("verify", self.model, "--certificate-chain", root_file, "--identity", "release@example.com")
        self.checks.modelsig("certificate: accepts", *arguments)
        python = ("verify", "certificate", self.model, "--signature", self.bundle, "--certificate_chain", root_file)
        self.checks.python_tool("certificate: accepts", *python)
        other = self.uri("token=modelsig%20test;object=p521")
        self.refused("the certificate of another key", other, "--signing-certificate", leaf_file, says=("certificate",))

    def which_token_and_key(self) -> None:
        token = "token=modelsig%20test"
        self.refused("no such token", self.uri("token=no"), says=("0 do", "modelsig test", "another"))
        self.refused("two tokens", self.uri("object=p256"), says=("2 do", "modelsig test", "another"))
        self.refused("no such key", self.uri(f"{token};object=no"), says=("private key", "0 do", "p256 (id a1)"))
        self.refused("no such id", self.uri(f"{token};id=%a4"), says=("private key", "0 do"))
        self.refused("label and id of two keys", self.uri(f"{token};object=p256;id=%a2"), says=("0 do",))
        private, _ = self.key_pair("p256", "twin")
        self.import_key(private, "p256", "b1")
        said = ("private key", "2 do", "p256 (id a1)", "p256 (id b1)", "hint:")
        self.refused("two keys of that label", self.uri(f"{token};object=p256"), says=said)
        self.sign("one of the two by its id", self.uri(f"{token};object=p256;id=%b1"))
        rsa = ("--keypairgen", "--key-type", "rsa:2048", "--label", "rsa", "--id", "c1")
        self.pkcs11_tool("makes an RSA key", *rsa)
        self.refused("an RSA key", self.uri(f"{token};object=rsa"), says=("RSA",))
        self.refused("a public key", self.uri(f"{token};object=p256;type=public"), says=("type must be private",))
        elsewhere = self.uri(f"{token};object=p521;library-manufacturer=nobody")
        self.refused("another library", elsewhere, says=("0 do",))
        fitting = f"{token};model=SoftHSM%20v2;manufacturer=SoftHSM%20project;object=p521;library-version=2.6"
        self.sign("every attribute fits", self.uri(fitting))

    def the_pin(self) -> None:
        key = "token=modelsig%20test;object=p384"
        uri, without_pin = self.uri(key), self.uri(key, f"module-path={MODULE}")
        self.refused("no PIN", without_pin, says=("wants a PIN", "hint:"))
        self.refused("pin-value", self.uri(key, f"pin-value={PIN[:4]}"), says=("pin-value is refused", "hint:"))
        said = self.sign(
            "pin-value in JSON", self.uri(key, f"pin-value={PIN[:4]}"), "--json", status=2, says=("pin-value",)
        )
        self.checks.that("a PIN in the URI is not repeated", PIN[:4] not in said)
        self.refused("PIN named twice", uri, "--pin-env", "HOME", says=("named twice",))
        self.refused("variable not set", without_pin, "--pin-env", "MODELSIG_NO_SUCH", says=("holds no PIN",))
        for mode in (0o640, 0o604, 0o644):
            self.write_pin(PIN, mode)
            self.refused(f"PIN file of mode {mode:o}", uri, says=("can be read by other users", "chmod 600"))
        for title, text in (("empty", ""), ("two lines", f"{PIN}\n{PIN}\n")):
            self.write_pin(text)
            self.refused(f"PIN file: {title}", uri, says=("does not hold one line",))
        self.pin_file.unlink()
        self.refused("no PIN file", uri, says=("pin file",))
        self.write_pin(PIN[:-1])
        self.refused("wrong PIN", uri, says=("does not take the PIN, which was tried once", "hint:"))
        self.write_pin(PIN)
        self.sign("the PIN again", uri)

    def another_public_key(self) -> None:
        """A token whose public object is not that of the private key: its signature must not become a bundle."""
        private, _ = self.key_pair("p256", "mixed")
        _, stranger = self.key_pair("p256", "stranger")
        der = self.scratch / "stranger.der"
        self.program("openssl: DER", "openssl", "pkey", "-pubin", "-in", stranger, "-outform", "DER", "-out", der)
        self.import_key(private, "mixed", "d1")
        self.pkcs11_tool("removes the public key", "--delete-object", "--type", "pubkey", "--id", "d1")
        uri = self.uri("token=modelsig%20test;object=mixed")
        self.refused("no public key", uri, says=("public key", "0 do"))
        self.pkcs11_tool("writes another", "--write-object", der, "--type", "pubkey", "--id", "d1", "--label", "mixed")
        self.refused("another public key", uri, says=("not a signature by its p256 key", "nothing was written"))


def certified(key) -> tuple:
    """A certificate of the key for code signing, and the root that issued it."""
    issuer = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(subject: str, public, is_root: bool):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
        root_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Interop Root")])
        usage = {
            name: False
            for name in (
                *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                *("crl_sign", "encipher_only", "decipher_only"),
            )
        }
        usage |= {"digital_signature": not is_root, "key_cert_sign": is_root}
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
        )
        if not is_root:
            signing = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CODE_SIGNING])
            owner = x509.SubjectAlternativeName([x509.RFC822Name("release@example.com")])
            made = made.add_extension(signing, critical=False).add_extension(owner, critical=False)
        return made.sign(issuer, hashes.SHA256())

    return certificate("Interop Leaf", key, False), certificate("Interop Root", issuer.public_key(), True)
