"""The backbone's promises, measured on the real servers, side by side with other packages of the field."""
