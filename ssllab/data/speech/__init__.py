"""Speech data: clips of 16 kHz audio with what is known about them."""
