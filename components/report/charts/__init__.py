"""Charts and images that are embedded in the page.

chart       draws with matplotlib, once for light and once for dark screens
curves      learning curves
sizes       histograms of widths and heights
thumbnails  small copies of test images
"""
