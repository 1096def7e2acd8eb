"""What a lead is, and every rule about it. Pure: no I/O, no clock, no chance, no logging."""
