"""The command line program, against real servers of Modbus."""
