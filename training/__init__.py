"""Scripts that make the weights committed under `verification/vision/weights`; the product never imports them."""
