package android.net;

/** A name of Android, for code that is compiled and not run. Not part of the library. */
public abstract class Uri {}
