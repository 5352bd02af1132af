"""RKD with the differences of all pairs of samples as a tensor, [N, N, D]."""

import torch
from peer import serve, uniform
from torch.nn import functional

BATCH, DIM = 256, 512
TEACHER = uniform(1, BATCH, DIM)


def distances(x):
    squares = x.pow(2).sum(1)
    squared = squares[:, None] + squares[None, :] - 2 * x @ x.t()
    d = squared.clamp(min=1e-12).sqrt() * (1 - torch.eye(BATCH))
    return d / d[d > 0].mean()


def cosines(x):
    directions = functional.normalize(x[None] - x[:, None], dim=2)
    return directions @ directions.transpose(1, 2)


def loss(student):
    with torch.no_grad():
        target_distances, target_cosines = distances(TEACHER), cosines(TEACHER)
    far = functional.smooth_l1_loss(distances(student), target_distances)
    turned = functional.smooth_l1_loss(cosines(student), target_cosines)
    return 25 * far + 50 * turned


if __name__ == "__main__":
    serve(loss, [uniform(2, BATCH, DIM)])
