"""Large-vessel occlusion on CT angiography of the head."""
