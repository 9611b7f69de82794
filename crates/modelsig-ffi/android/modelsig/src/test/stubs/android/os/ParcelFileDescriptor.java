package android.os;

import java.io.Closeable;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.Field;

/** As much of Android's class as the tests need, on a desktop Java virtual machine. Not part of the library. */
public class ParcelFileDescriptor implements Closeable {
    public static final int MODE_READ_ONLY = 0x10000000;

    private final FileDescriptor descriptor;
    private boolean closed;

    private ParcelFileDescriptor(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    public static ParcelFileDescriptor open(File file, int mode) throws FileNotFoundException {
        if (mode != MODE_READ_ONLY) {
            throw new IllegalArgumentException("only for reading");
        }
        try {
            return new ParcelFileDescriptor(new RandomAccessFile(file, "r").getFD());
        } catch (FileNotFoundException fault) {
            throw fault;
        } catch (IOException fault) {
            throw new AssertionError(fault);
        }
    }

    public static ParcelFileDescriptor adoptFd(int fd) {
        FileDescriptor descriptor = new FileDescriptor();
        try {
            number().setInt(descriptor, fd);
        } catch (IllegalAccessException fault) {
            throw new AssertionError(fault);
        }
        return new ParcelFileDescriptor(descriptor);
    }

    public int getFd() {
        if (closed) {
            throw new IllegalStateException("Already closed");
        }
        try {
            return number().getInt(descriptor);
        } catch (IllegalAccessException fault) {
            throw new AssertionError(fault);
        }
    }

    public FileDescriptor getFileDescriptor() {
        return descriptor;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            new FileInputStream(descriptor).close();
        }
    }

    private static Field number() {
        try {
            Field number = FileDescriptor.class.getDeclaredField("fd");
            number.setAccessible(true);
            return number;
        } catch (NoSuchFieldException fault) {
            throw new AssertionError(fault);
        }
    }
}
