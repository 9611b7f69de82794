@file:JvmName("ParcelFileDescriptors")

package org.modelsig

import android.os.ParcelFileDescriptor

/** The verified bytes of [name] as a descriptor that closes itself when it is told to. */
@Throws(ModelsigException::class)
fun Model.parcelFileDescriptor(name: String): ParcelFileDescriptor = ParcelFileDescriptor.adoptFd(fd(name).fd)
