"""Writes the outputs of a teacher for ../fit/stored-teacher.ts: pip install numpy safetensors"""

import numpy as np
from safetensors.numpy import save_file

# The points of a grid, row by row, in the order of the rows of the file.
steps = np.linspace(-1, 1, 20)
points = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)

# A classifier with three prototypes for each of three classes, on the arms of a spiral.
turns = np.arange(3)[None, :] * 2 * np.pi / 3 + np.linspace(0, 1.6, 3)[:, None]
radii = np.linspace(0.25, 0.95, 3)[:, None]
prototypes = np.stack([radii * np.cos(turns), radii * np.sin(turns)], axis=-1)
distances = ((points[:, None, None] - prototypes) ** 2).sum(-1)
logits = np.log(np.exp(-12 * distances).sum(1) + 1e-6)

# As `safetensors.torch.save_file({"logits": logits}, "teacher.safetensors")` writes it.
save_file({"logits": logits.astype(np.float32)}, "teacher.safetensors", metadata={"format": "pt"})
