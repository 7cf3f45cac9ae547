"""The command line program dts307: the device library without Home Assistant."""
