"""What an image becomes before the backbone sees it: decoded, resized, scaled."""
