"""A FUSE file system over a folder: the first read of each byte of its weights gives that byte, every later one another.

    lying_fs.py FOLDER MOUNTPOINT

Nothing is cached by the kernel, so that each read comes here. It serves until it is unmounted.
"""

import errno
import os
import pathlib
import sys

import mfusepy
import numpy

WEIGHTS = "/model.safetensors"


class LyingFs(mfusepy.Operations):
    use_ns = True

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        # 1 for each byte of the weights that was read.
        self._read = bytearray(self._path(WEIGHTS).stat().st_size)

    def _path(self, path: str) -> pathlib.Path:
        return self._folder / path.lstrip("/")

    def getattr(self, path, fh=None):
        try:
            status = self._path(path).lstat()
        except OSError as error:
            raise mfusepy.FuseOSError(error.errno) from error
        numbers = {name: getattr(status, name) for name in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size")}
        times = {name: getattr(status, f"{name}_ns") for name in ("st_atime", "st_mtime", "st_ctime")}
        return numbers | times

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self._path(path))]

    def open(self, path, flags):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise mfusepy.FuseOSError(errno.EROFS)
        return 0

    def read(self, path, size, offset, fh):
        with self._path(path).open("rb") as file:
            file.seek(offset)
            content = file.read(size)
        if path != WEIGHTS:
            return content
        end = offset + len(content)
        before = self._read[offset:end]
        self._read[offset:end] = b"\1" * len(content)
        if not any(before):
            return content
        return (numpy.frombuffer(content, numpy.uint8) ^ numpy.frombuffer(before, numpy.uint8)).tobytes()


if __name__ == "__main__":
    mfusepy.FUSE(LyingFs(pathlib.Path(sys.argv[1])), sys.argv[2], foreground=True, nothreads=True, direct_io=True)
