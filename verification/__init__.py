"""What proves that the package does what it says, and checks a release; no part of the package."""
