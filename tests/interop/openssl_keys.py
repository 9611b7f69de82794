"""Keys made by OpenSSL used here, keys made here used by OpenSSL, and signatures made here verified by it."""

import pathlib

import bundles
import models
from checks import Checks, changed_byte

# (type, name in OpenSSL, hash that goes with it)
CURVES = (("p256", "prime256v1", "sha256"), ("p384", "secp384r1", "sha384"), ("p521", "secp521r1", "sha512"))
PASSPHRASE = {"MODELSIG_INTEROP_PASSPHRASE": "correct horse 电池"}


def run(checks: Checks, scratch: pathlib.Path) -> None:
    model = models.make(scratch / "model", models.ORDERS_AGREE)
    keys_from_openssl(checks, scratch, model)
    keys_for_openssl(checks, scratch, model)
    foreign_keys(checks, scratch, model)


def openssl(checks: Checks, title: str, *arguments, **expected) -> str:
    return checks.program(f"openssl: {title}", "openssl", *arguments, **expected)


def keys_from_openssl(checks: Checks, scratch: pathlib.Path, model: pathlib.Path) -> None:
    for kind, curve, digest in CURVES:
        made = scratch / f"{curve}.pem"
        # With the block of EC PARAMETERS in front, SEC 1 alone, PKCS #8.
        openssl(checks, curve, "ecparam", "-name", curve, "-genkey", "-out", made)
        forms = {"parameters and SEC 1": made}
        forms["SEC 1"] = scratch / f"{curve}.sec1.pem"
        openssl(checks, curve, "ec", "-in", made, "-out", forms["SEC 1"])
        forms["PKCS #8"] = scratch / f"{curve}.pkcs8.pem"
        openssl(checks, curve, "pkey", "-in", made, "-out", forms["PKCS #8"])
        public = public_of(checks, made)
        for form, private in forms.items():
            signed_with(checks, f"{kind}, {form}", model, private, public, digest)
        encrypted(checks, kind, scratch, model, made, public, digest)

    generated = scratch / "genpkey-p384.pem"
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
    openssl(checks, "genpkey P-384", "genpkey", *curve, "-out", generated)
    signed_with(checks, "p384, genpkey", model, generated, public_of(checks, generated), "sha384")

    ed25519 = scratch / "ed25519.pem"
    openssl(checks, "genpkey Ed25519", "genpkey", "-algorithm", "ed25519", "-out", ed25519)
    signed_with(checks, "ed25519, genpkey", model, ed25519, public_of(checks, ed25519), None)
    encrypted(checks, "ed25519", scratch, model, ed25519, public_of(checks, ed25519), None)


def encrypted(checks: Checks, kind: str, scratch, model, plain, public, digest) -> None:
    (name,) = PASSPHRASE
    for scheme in (("-v2", "aes-256-cbc"), ("-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA256"), ("-scrypt",)):
        private = scratch / "encrypted.pem"
        arguments = ("-topk8", "-in", plain, "-out", private, "-passout", f"env:{name}")
        openssl(checks, "encrypts", "pkcs8", *arguments, *scheme, env=PASSPHRASE)
        options = ("--passphrase-env", name)
        title = f"{kind}, PKCS #8 {' '.join(scheme)}"
        signed_with(checks, title, model, private, public, digest, *options)
        checks.modelsig(
            f"{title}: another passphrase",
            *("sign", model, "--private-key", private, *options),
            status=2,
            env={name: "wrong"},
        )
        private.unlink()


def public_of(checks: Checks, private: pathlib.Path) -> pathlib.Path:
    public = private.with_suffix(".public")
    openssl(checks, "public key", "pkey", "-in", private, "-pubout", "-out", public)
    return public


def signed_with(checks: Checks, title: str, model, private, public, digest, *options) -> None:
    private.chmod(0o600)
    bundle = model / "model.sig"
    bundle.unlink(missing_ok=True)
    checks.modelsig(f"{title}: signs", "sign", model, "--private-key", private, *options, env=PASSPHRASE)
    checks.modelsig(f"{title}: accepts", "verify", model, "--public-key", public)
    with changed_byte(model / "weights.gguf", -1):
        checks.modelsig(f"{title}: rejects", "verify", model, "--public-key", public, status=1, says=("weights.gguf",))

    # The signature of the envelope, by OpenSSL over the bytes that DSSE says.
    signed, signature = model.parent / "signed", model.parent / "signature"
    signed.write_bytes(bundles.pre_authentication_encoding(bundle))
    signature.write_bytes(bundles.signature(bundle))
    arguments = ("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", signed, "-sigfile", signature)
    arguments += ("-digest", digest) if digest else ()
    openssl(checks, f"{title}: verifies the envelope", *arguments)
    with changed_byte(signed, -1):
        openssl(checks, f"{title}: rejects another envelope", *arguments, status=1)


def keys_for_openssl(checks: Checks, scratch: pathlib.Path, model: pathlib.Path) -> None:
    (name,) = PASSPHRASE
    digests = {kind: digest for kind, _, digest in CURVES} | {"ed25519": None}
    for kind, digest in digests.items():
        for locked in (False, True):
            private = scratch / f"ours-{kind}-{locked}.pem"
            options = ("--passphrase-env", name) if locked else ()
            checks.modelsig(f"makes {kind}", "keygen", "--type", kind, "--out", private, *options, env=PASSPHRASE)
            checks.that("the private key is for its owner", private.stat().st_mode & 0o777 == 0o600)
            checks.that("it is encrypted if asked", ("ENCRYPTED" in private.read_text()) == locked)
            passin = ("-passin", f"env:{name}") if locked else ()
            derived = openssl(checks, f"reads our {kind}", "pkey", "-in", private, "-pubout", *passin, env=PASSPHRASE)
            public = private.with_suffix(".pub.pem")
            checks.that(f"the public key is that of the private {kind} one", derived == public.read_text())
            signed_with(checks, f"our {kind}, encrypted {locked}", model, private, public, digest, *options)


def foreign_keys(checks: Checks, scratch: pathlib.Path, model: pathlib.Path) -> None:
    """Kinds of keys that OMS does not know: no verdict."""
    for title, arguments in (
        ("RSA", ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")),
        ("secp256k1", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")),
        ("brainpoolP256r1", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")),
        ("X25519", ("-algorithm", "X25519")),
        ("Ed448", ("-algorithm", "ed448")),
    ):
        private = scratch / "foreign.pem"
        openssl(checks, title, "genpkey", *arguments, "-out", private)
        public = public_of(checks, private)
        private.chmod(0o600)
        checks.modelsig(f"{title}: does not sign", "sign", model, "--private-key", private, status=2)
        checks.modelsig(f"{title}: does not verify", "verify", model, "--public-key", public, status=2)
        checks.modelsig(f"{title}: a private key is no public key", "verify", model, "--public-key", private, status=2)
