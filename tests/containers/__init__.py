"""`make compose-check`: the compose file in real containers, from building the image to restoring a backup. Podman on Debian, as root."""
