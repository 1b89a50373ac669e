"""Package managers: apt and dpkg, apk, pip, npm. The packages and their mirrors are in sim/packages."""
