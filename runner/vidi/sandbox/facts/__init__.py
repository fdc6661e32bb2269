"""What the services themselves are known to do, whatever our templates say of them."""
