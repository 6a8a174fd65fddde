"""Families of models, one a file. `engine.models.families.contract` defines their interface."""
