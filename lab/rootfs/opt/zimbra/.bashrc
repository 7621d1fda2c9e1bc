export PATH=/opt/zimbra/bin:/opt/zimbra/common/bin:/opt/zimbra/common/sbin:/usr/sbin:$PATH
umask 0027
export LC_ALL=C
