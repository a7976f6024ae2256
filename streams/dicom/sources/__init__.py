"""Where the analyser fetches images from, behind one protocol."""
