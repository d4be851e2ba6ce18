"""An outside team's topic followed beside ours: what a phone's own checks say of the device, as JSON.

The team writes `{"case": ID, "signal": NAME, "at": SECONDS}` to its topic, gives messages no id, and its
producer writes some of them twice. Signals are counted by case: one counted twice would be a wrong number.
"""
