// The settings of the web client, as far as a scanner reads them.
ZmSettings = function() {};
ZmSettings.CLIENT_VERSION = "${release}";
ZmSettings.CLIENT_RELEASE = "20241015010101";
ZmSettings.CLIENT_DATETIME = "20241015-0101";
