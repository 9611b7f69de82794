package com.google.android.play.core.assetpacks;

/** As much of Play's class as is compiled against, and never run. Not part of the library. */
public abstract class AssetLocation {
    public abstract String path();

    public abstract long offset();

    public abstract long size();
}
