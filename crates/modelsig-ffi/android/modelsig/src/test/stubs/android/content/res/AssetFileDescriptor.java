package android.content.res;

import android.os.ParcelFileDescriptor;
import java.io.Closeable;
import java.io.IOException;

/** As much of Android's class as the tests need, on a desktop Java virtual machine. Not part of the library. */
public class AssetFileDescriptor implements Closeable {
    public static final long UNKNOWN_LENGTH = -1;

    private final ParcelFileDescriptor file;
    private final long start;
    private final long length;

    public AssetFileDescriptor(ParcelFileDescriptor file, long start, long length) {
        this.file = file;
        this.start = start;
        this.length = length;
    }

    public ParcelFileDescriptor getParcelFileDescriptor() {
        return file;
    }

    public long getStartOffset() {
        return start;
    }

    public long getDeclaredLength() {
        return length;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
