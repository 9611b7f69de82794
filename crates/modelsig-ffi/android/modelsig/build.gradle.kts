plugins {
    id("com.android.library") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.2.20"
}

group = "org.modelsig"
version = "0.1.0"

android {
    namespace = "org.modelsig"
    compileSdk = 36

    defaultConfig {
        minSdk = 24
        consumerProguardFiles("consumer-rules.pro")
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8)
    }
}

// src/main/jniLibs/ABI/libmodelsig_jni.so is not part of the repository: the README says how it is built. The tests in
// src/test run on a desktop Java virtual machine with a library for that: `bash .ci/run jni`.
