"""CRD with a memory bank, which gathers the rows of every sample: [N, K+1, dim] per side."""

import torch
from peer import hashed, serve, uniform

BATCH, NEGATIVES, SIZE, DIM = 64, 16384, 50000, 128
TEMPERATURE, EPSILON = 0.07, 1e-7

ROWS = hashed(5, BATCH, NEGATIVES + 1) % SIZE
TEACHER_BANK, STUDENT_BANK = (uniform(seed, SIZE, DIM) * (3 / DIM) ** 0.5 for seed in (3, 4))


def one_side(embedding, bank):
    picked = bank.index_select(0, ROWS.view(-1)).view(BATCH, NEGATIVES + 1, DIM)
    scores = torch.bmm(picked, embedding.unsqueeze(2)).squeeze(2)
    p = torch.exp(scores / TEMPERATURE) / SIZE
    noise = NEGATIVES / SIZE
    positive = torch.log(p[:, 0] / (p[:, 0] + noise + EPSILON))
    negative = torch.log(noise / (p[:, 1:] + noise + EPSILON))
    return -(positive.sum() + negative.sum()) / BATCH


def loss(teacher, student):
    return one_side(student, TEACHER_BANK) + one_side(teacher, STUDENT_BANK)


if __name__ == "__main__":
    serve(loss, [torch.nn.functional.normalize(uniform(seed, BATCH, DIM)) for seed in (1, 2)])
