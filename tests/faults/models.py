"""Keys, models and bundles to work on, made by the command itself, and certificates by OpenSSL."""

import json
import pathlib
import random
import struct
import subprocess

KIBI = 1024
CHUNK = 64 * KIBI
WEIGHTS = "weights.safetensors"


class Workshop:
    """A folder with keys and signed models. Every model has a folder of its own, in which its bundles lie as well."""

    def __init__(self, modelsig: str, place: pathlib.Path):
        self.modelsig, self.place = modelsig, place
        self.private, self.public = place / "key.pem", place / "key.pub.pem"
        self.run("keygen", "--type", "p256", "--out", self.private)

    def run(self, *arguments, program=None, statuses=frozenset({0})) -> str:
        command = [program or self.modelsig, *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode not in statuses:
            raise SystemExit(f"{command} ends with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def model(self, name: str, weights: int = 700 * KIBI) -> pathlib.Path:
        """Small files in two folders, and one that takes several reads."""
        model = self.place / name / "model"
        content = random.Random(name)
        for file, size in (("config.json", 300), ("sub/tokenizer.bin", 5000), ("empty", 0)):
            write(model / file, content.randbytes(size))
        write(model / WEIGHTS, safetensors(content.randbytes(weights)))
        return model

    def sign(self, model: pathlib.Path, *options, bundle="model.sig", key=None) -> pathlib.Path:
        """The bundle is named from the folder around the model."""
        path = model.parent / bundle
        self.run("sign", model, "--private-key", key or self.private, "--signature", path, *options)
        return path

    def second_key(self) -> tuple:
        key = self.place / "second.pem"
        self.run("keygen", "--out", key)
        return key, self.place / "second.pub.pem"

    def certificates(self) -> tuple:
        """A private key, a certificate for it, and the issuer."""
        pki = self.place / "pki"
        pki.mkdir()
        for name, signs in (("issuer", "CA:TRUE\nkeyUsage=critical,keyCertSign"), ("leaf", "CA:FALSE\nkeyUsage=critical,digitalSignature")):
            usage = "\nextendedKeyUsage=codeSigning" if name == "leaf" else ""
            write(pki / f"{name}.ext", f"basicConstraints=critical,{signs}{usage}\nsubjectKeyIdentifier=hash\n".encode())
            self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", pki / f"{name}.key")
            (pki / f"{name}.key").chmod(0o600)
            self.openssl("req", "-new", "-key", pki / f"{name}.key", "-subj", f"/CN={name}", "-out", pki / f"{name}.csr")
            by = ("-CA", pki / "issuer.pem", "-CAkey", pki / "issuer.key", "-CAcreateserial") if name == "leaf" else ("-signkey", pki / "issuer.key")
            self.openssl("x509", "-req", "-in", pki / f"{name}.csr", "-days", 30, "-extfile", pki / f"{name}.ext", *by, "-out", pki / f"{name}.pem")
        return pki / "leaf.key", pki / "leaf.pem", pki / "issuer.pem"

    def openssl(self, *arguments) -> None:
        self.run(*arguments, program="openssl")


def write(file: pathlib.Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def flip(file: pathlib.Path, offset: int) -> None:
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.write_bytes(content)


def safetensors(data: bytes) -> bytes:
    """Two tensors of bytes, one of them small and at the end."""
    cut = len(data) - 1000
    header = {
        "large": {"dtype": "U8", "shape": [cut], "data_offsets": [0, cut]},
        "small": {"dtype": "U8", "shape": [1000], "data_offsets": [cut, len(data)]},
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def content_of(folder: pathlib.Path) -> dict:
    """All files below a folder, by their paths from there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
