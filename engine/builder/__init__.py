"""The classic builder: a Dockerfile is executed step by step in temporary containers, each step leaving an image."""
