"""The grown application: opening an account over HTTP does all that has gathered in its `save` in years."""
