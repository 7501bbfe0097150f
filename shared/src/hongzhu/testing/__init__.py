"""What tests of services and plugins share."""
