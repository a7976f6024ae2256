"""The record of who was told what, when and how: the six fields that reporting a critical result asks for."""
