"""The certificate method, modelsig and model_signing each verifying what the other one signed.

The chains are made by OpenSSL as in the field: an RSA root, an RSA intermediate and an EC leaf. Where the Python tool
accepts what must not be accepted, the check says so; when it no longer does, the check fails and is to be mended.
"""

import json
import pathlib

import models
from checks import Checks, added_file, changed_byte

CURVES = {"p256": "prime256v1", "p384": "secp384r1", "p521": "secp521r1"}
IDENTITY = "https://example.com/releases"

ROOT = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
INTERMEDIATE = ROOT.replace("CA:TRUE", "CA:TRUE,pathlen:0") + "authorityKeyIdentifier=keyid\n"
LEAF = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
    f"subjectAltName=URI:{IDENTITY},email:releases@example.com\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
)
# As a plain set-up of OpenSSL makes it, and as the bundles of the Python tool's own tests have it.
LEAF_WITH_AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign\nextendedKeyUsage=codeSigning\n"

CONFIGURATION = """
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
default_md = sha256
policy = names
unique_subject = no
rand_serial = yes
[names]
commonName = supplied
[req]
distinguished_name = none
[none]
"""


def run(checks: Checks, scratch: pathlib.Path) -> None:
    pki = Authority(checks, scratch / "pki")
    root = pki.key("root", "rsa")
    intermediate = pki.key("intermediate", "rsa")
    ever = ("20150101000000Z", "20491231235959Z")
    anchor = pki.certificate("root", root, ROOT, valid=ever)
    issuer = pki.certificate("intermediate", intermediate, INTERMEDIATE, issued_by=(anchor, root), valid=ever)
    other_anchor = pki.certificate("other", pki.key("other", "rsa"), ROOT)
    by = (issuer, intermediate)

    for curve in CURVES:
        key = pki.key(f"leaf {curve}", curve)
        leaf = pki.certificate(f"leaf {curve}", key, LEAF, issued_by=by)
        round_trips(checks, scratch, curve, key, leaf, issuer, anchor, other_anchor)

    key = pki.key("signer", "p384")
    field = pki.certificate("intermediate", key, LEAF_WITH_AUTHORITY, issued_by=by, file="field leaf")
    defects = {
        "expired": pki.certificate("expired", key, LEAF, issued_by=by, valid=("20200101000000Z", "20210101000000Z")),
        "not yet valid": pki.certificate("future", key, LEAF, issued_by=by, valid=("20480101000000Z", "20490101000000Z")),
        "for TLS servers": pki.certificate("server", key, LEAF.replace("codeSigning", "serverAuth"), issued_by=by),
        "for key agreement": pki.certificate(
            "agreement", key, LEAF.replace("digitalSignature", "keyAgreement"), issued_by=by
        ),
    }
    model = models.make(scratch / "other leaves", models.ORDERS_AGREE)
    bundle = model / "model.sig"

    sign_there(checks, "leaf with CA:TRUE", model, bundle, key, field, issuer)
    accept(checks, "leaf with CA:TRUE", model, bundle, anchor)
    missing_issuer(checks, model, bundle, key, field, issuer, anchor, other_anchor)

    for title, leaf in defects.items():
        sign_there(checks, f"leaf {title}", model, bundle, key, leaf, issuer)
        # It judges each leaf at the time at which that leaf starts, and either usage is enough for it.
        checks.python_tool(f"leaf {title}: accepts all the same", *python_verify(model, bundle, anchor))
        checks.modelsig(f"leaf {title}: rejects", *our_verify(model, bundle, anchor), status=1)
    sign_there(checks, "expired leaf", model, bundle, key, defects["expired"], issuer)
    at = ("--at", "2020-06-01T00:00:00Z")
    checks.modelsig("expired leaf: accepts at a time that the caller gives", *our_verify(model, bundle, anchor), *at)


class Authority:
    """Keys and certificates made by OpenSSL in a folder."""

    def __init__(self, checks: Checks, folder: pathlib.Path):
        self._checks = checks
        self._folder = folder
        folder.mkdir()
        (folder / "index.txt").touch()
        self._configuration = folder / "openssl.cnf"
        self._configuration.write_text(CONFIGURATION.format(folder=folder))

    def _openssl(self, title: str, *arguments) -> None:
        self._checks.program(f"openssl: {title}", "openssl", *arguments)

    def key(self, name: str, kind: str) -> pathlib.Path:
        made = self._folder / f"{name}.key"
        if kind == "rsa":
            options = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072")
        else:
            options = ("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{CURVES[kind]}")
        self._openssl(f"key {name}", "genpkey", *options, "-out", made)
        made.chmod(0o600)
        return made

    def certificate(self, subject: str, key, extensions: str, issued_by=None, valid=None, file=None) -> pathlib.Path:
        """Issued by a certificate and its key, or by itself."""
        made = self._folder / f"{file or subject}.pem"
        request, extension_file = made.with_suffix(".csr"), made.with_suffix(".ext")
        extension_file.write_text(extensions)
        options = ("-config", self._configuration, "-subj", f"/CN=Interop {subject}")
        self._openssl(f"request {subject}", "req", "-new", "-key", key, "-out", request, *options)
        by = ("-selfsign", "-keyfile", key) if issued_by is None else ("-cert", issued_by[0], "-keyfile", issued_by[1])
        period = ("-days", "30") if valid is None else ("-startdate", valid[0], "-enddate", valid[1])
        options = ("-batch", "-notext", "-config", self._configuration, "-extfile", extension_file)
        self._openssl(f"certificate {subject}", "ca", *options, "-in", request, "-out", made, *by, *period)
        return made


def round_trips(checks: Checks, scratch, curve, key, leaf, issuer, anchor, other_anchor) -> None:
    files = models.ORDERS_DIFFER | models.ORDERS_AGREE
    model = models.make(scratch / f"model {curve}", files)
    bundle = model / "model.sig"
    for title, sign in ((f"signed here with {curve}", sign_here), (f"signed there with {curve}", sign_there)):
        sign(checks, title, model, bundle, key, leaf, issuer)
        chain = json.loads(bundle.read_bytes())["verificationMaterial"]["x509CertificateChain"]["certificates"]
        checks.that(f"{title}: leaf and intermediate are embedded", len(chain) == 2, str(len(chain)))
        accept(checks, title, model, bundle, anchor)
        verify = our_verify(model, bundle, anchor)
        for identity in (IDENTITY, "releases@example.com", f"subject:CN=Interop leaf {curve}"):
            checks.modelsig(f"{title}: by {identity}", *verify, "--identity", identity)
        for identity in ("https://example.com/release", "releases@example.org", "subject:CN=Interop root"):
            checks.modelsig(f"{title}: not by {identity}", *verify, "--identity", identity, status=1)
        both_reject(checks, f"{title}: another anchor", model, bundle, other_anchor)
        with changed_byte(model / "onnx/m.onnx", 5):
            both_reject(checks, f"{title}: a byte changed", model, bundle, anchor, says=("onnx/m.onnx",))
        with added_file(model / "onnx/evil.py"):
            both_reject(checks, f"{title}: a file added", model, bundle, anchor, says=("onnx/evil.py",))
        bundle.unlink()


def missing_issuer(checks: Checks, model, bundle, key, leaf, issuer, anchor, other_anchor) -> None:
    """A signer that embeds the wrong certificate beside the leaf; the verifier must then bring the intermediate along."""
    sign_there(checks, "another intermediate", model, bundle, key, leaf, other_anchor)
    both_reject(checks, "intermediate missing", model, bundle, anchor)
    checks.modelsig("intermediate given by the verifier", *our_verify(model, bundle, issuer, anchor))
    # It wants anchors that are self-signed.
    checks.python_tool("intermediate as an anchor", *python_verify(model, bundle, issuer), status=1)
    checks.modelsig("intermediate as an anchor", *our_verify(model, bundle, issuer))


def sign_here(checks: Checks, title: str, model, bundle, key, leaf, issuer) -> None:
    options = ("--private-key", key, "--signing-certificate", leaf, "--certificate-chain", issuer)
    checks.modelsig(f"{title}: signs", "sign", model, "--signature", bundle, *options)


def sign_there(checks: Checks, title: str, model, bundle, key, leaf, issuer) -> None:
    checks.python_tool(f"{title}: signs", *python_sign(model, bundle, key, leaf), "--certificate_chain", issuer)


def python_sign(model, bundle, key, leaf) -> tuple:
    options = ("--signature", bundle, "--private_key", key, "--signing_certificate", leaf)
    return ("sign", "certificate", model, *options)


def our_verify(model, bundle, *anchors) -> tuple:
    options = [option for anchor in anchors for option in ("--certificate-chain", anchor)]
    return ("verify", model, "--signature", bundle, *options)


def python_verify(model, bundle, *anchors) -> tuple:
    options = [option for anchor in anchors for option in ("--certificate_chain", anchor)]
    return ("verify", "certificate", model, "--signature", bundle, *options)


def accept(checks: Checks, title: str, model, bundle, *anchors) -> None:
    checks.python_tool(f"{title}: accepts", *python_verify(model, bundle, *anchors))
    checks.modelsig(f"{title}: accepts", *our_verify(model, bundle, *anchors))


def both_reject(checks: Checks, title: str, model, bundle, *anchors, says: tuple = ()) -> None:
    checks.python_tool(title, *python_verify(model, bundle, *anchors), status=1, says=says)
    checks.modelsig(title, *our_verify(model, bundle, *anchors), status=1, says=says)
