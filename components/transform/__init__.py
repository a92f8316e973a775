"""What a picture becomes before the backbone sees it: decoded, resized, scaled."""
