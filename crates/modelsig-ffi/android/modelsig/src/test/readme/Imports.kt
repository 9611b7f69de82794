// What the code of the README needs: `.ci/jni` puts the one behind the other.
package org.modelsig.readme

import android.content.ContentResolver
import android.content.res.AssetManager
import android.net.Uri
import com.google.android.play.core.assetpacks.AssetPackManager
import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.suspendCancellableCoroutine
import org.modelsig.*
import org.tensorflow.lite.Interpreter

