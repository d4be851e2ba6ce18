"""The long kill test: whoever carries an event is killed over and over, and at the end all is counted."""
