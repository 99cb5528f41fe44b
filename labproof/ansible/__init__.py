"""The only package that knows Ansible: inventories read, and what action plugins share."""
