package com.google.android.play.core.assetpacks;

/** As much of Play's interface as is compiled against, and never run. Not part of the library. */
public interface AssetPackManager {
    AssetLocation getAssetLocation(String pack, String asset);
}
