#!/bin/sh
. /etc/os-release
case "$ID" in
ubuntu) echo "UBUNTU${VERSION_ID%%.*}_64" ;;
rhel | centos | rocky | almalinux | ol) echo "RHEL${VERSION_ID%%.*}_64" ;;
*) echo UNKNOWN64 ;;
esac
