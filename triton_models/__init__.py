"""Models: contracts, preprocessing, postprocessing, networks, phantoms, training, repository."""
