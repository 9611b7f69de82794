package android.content.res;

import java.io.IOException;

/** As much of Android's class as is compiled against, and never run. Not part of the library. */
public abstract class AssetManager {
    public abstract AssetFileDescriptor openFd(String name) throws IOException;
}
