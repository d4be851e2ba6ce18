"""Dependencies: how they are asked, and that every failure has its decided answer."""
