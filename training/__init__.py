"""Scripts that make the weights under `verification/vision/weights`; the product never imports them."""
